/* The study of a folder that comes without one. */
#ifndef PB_STUDY_USUAL_H
#define PB_STUDY_USUAL_H

/** configs/study.yaml, embedded when the program is built. */
const char *pb_study_usual(void);

#endif
