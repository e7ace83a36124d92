# Turns every FOLDER/*.cl into OUTPUT, one C file that defines pb_cl_source(). Byte arrays rather than string literals:
# C promises only 4095 characters to a literal, and bytes need no escaping.
file(GLOB sources ${FOLDER}/*.cl)
list(SORT sources)

set(arrays "")
set(rows "")
foreach(source ${sources})
  get_filename_component(name ${source} NAME_WE)
  string(MAKE_C_IDENTIFIER ${name} symbol)
  file(READ ${source} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char text_${symbol}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", text_${symbol}},\n")
endforeach()

file(WRITE ${OUTPUT} "/* Generated from cl/ by src/device/embed.cmake. */
#include <string.h>

#include \"device/device.h\"

${arrays}
static const struct {
    const char *name;
    const unsigned char *text;
} sources[] = {
${rows}    {NULL, NULL},
};

const char *pb_cl_source(const char *name)
{
    for (int i = 0; sources[i].name; i++) {
        if (strcmp(sources[i].name, name) == 0) return (const char *)sources[i].text;
    }
    return NULL;
}
")
