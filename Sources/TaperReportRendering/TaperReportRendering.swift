// TaperReportRendering: see specs/
