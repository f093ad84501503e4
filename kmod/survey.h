/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_SURVEY_H
#define HOLDFAST_SURVEY_H

#include <linux/types.h>

struct holdfast_member;

int holdfast_survey_init(void);
/* From then on no survey is made; waits for the one that is. */
void holdfast_survey_exit(void);

/* Is one that is made to be gone on with? */
bool holdfast_survey_wanted(void);

/*
 * Rules may have come into force for members: soon, in the background, what
 * these run is judged by them. Any context.
 */
void holdfast_survey_start(void);

/* What @member, not linked yet, runs is judged by the rules now in force. */
void holdfast_survey_passed(struct holdfast_member *member);

#endif
