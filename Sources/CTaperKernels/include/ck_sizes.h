// Sizes that kernels are built on and that plans depend on: packed layouts, blocks that scratch is sized by,
// cuts into tasks. Modules that must not import C read them from TaperPlanFormat.KernelConstants, which
// tools/reference/make-kernel-table.py makes from the lines below. After a change run it; a test compares
// both sides.
#pragma once

/// Columns of a panel of packed weights. Attention rounds keys and head widths up to it too.
#define CK_PANEL 16u
/// Panels that a tile of the f32 product reads at once; a task gets whole spans.
#define CK_PANEL_SPAN 3u
/// Neighbours in depth that lie side by side in a bf16 panel.
#define CK_GROUP_BF16 2u
/// Neighbours in depth that lie side by side in an i8 panel.
#define CK_GROUP_I8 4u
/// Bytes that follow i8 panels for each of their columns: a scale (f32) and a sum (i32).
#define CK_COLUMN_BYTES_I8 8u
/// Bytes of a line of encoded activations (ck_encoded.h), and of a row of an AMX tile.
#define CK_ENCODED_LINE 64u
/// Most rows of a tile of encoded activations, and of an AMX tile.
#define CK_ENCODED_TILE 16u
/// Every part of a row-major product but the last has a multiple of this many columns.
#define CK_PART_COLUMNS 16u
/// Rows that a task of a row-wise op covers; a fixed cut, so that results never depend on the worker count.
#define CK_ROW_BLOCK 8u
/// Queries that attention computes at a time.
#define CK_ATTENTION_BLOCK 64u
/// Queries that attention in bf16 computes at a time.
#define CK_ATTENTION_BF16_BLOCK 24u
/// Elements of scratch for each row that token selection chooses from: its score and a place in the heap.
#define CK_SELECTION_SCRATCH 2u
/// Workers that a pool has at most, the caller included.
#define CK_POOL_MAXIMUM_WORKERS 1024u
