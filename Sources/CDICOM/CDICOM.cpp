#include "CDICOM.h"
