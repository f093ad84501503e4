/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_CORE_DEVICE_H
#define HOLDFAST_CORE_DEVICE_H

#include "port.h"

/* The enum holdfast_check that opening a character device is; -1 for none. */
int holdfast_character_device_check(u32 major, u32 minor);

/*
 * Is that a character device that every container has, and that says nothing of
 * the machine?
 */
bool holdfast_character_device_harmless(u32 major, u32 minor);

#endif
