# Turns the file INPUT into OUTPUT, a C file that defines pb_study_usual(). A byte array rather than a string literal:
# C promises only 4095 characters to a literal, and bytes need no escaping.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "/* Generated from configs/study.yaml by src/study/embed.cmake. */
#include \"study/usual.h\"

static const unsigned char text[] = {${bytes}0};

const char *pb_study_usual(void)
{
    return (const char *)text;
}
")
