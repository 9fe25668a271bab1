// Tests of CTaperKernels.
