// Attention in bf16, the scalar reference.
#pragma once
#include "../ck_table.h"
#include "../include/ck_panel.h"

extern const ck_bf16_attention ck_attention_bf16_scalar;
