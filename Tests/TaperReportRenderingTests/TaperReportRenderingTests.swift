// Tests of TaperReportRendering.
