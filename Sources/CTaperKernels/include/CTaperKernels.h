// CTaperKernels: micro-kernels, op drivers, ISA detection and the fork-join pool.
// Allocates nothing while running; knows nothing of plans, models or files.
#pragma once
#include "ck_encoded.h"
#include "ck_isa.h"
#include "ck_kernels.h"
#include "ck_op.h"
#include "ck_panel.h"
#include "ck_pool.h"
#include "ck_sizes.h"
