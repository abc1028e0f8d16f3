#pragma once
#include <spawn.h>

// In glibc's <spawn.h> (2.29 and 2.34), but not in Swift's view of it, which is without _GNU_SOURCE.
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
