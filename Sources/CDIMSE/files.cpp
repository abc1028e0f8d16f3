#include "internal.h"

#include <unistd.h>

int cn_synchronize(int descriptor) { return syncfs(descriptor) == 0 ? CN_OK : CN_FAILED; }
