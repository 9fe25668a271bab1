// TaperAuditor: see specs/
