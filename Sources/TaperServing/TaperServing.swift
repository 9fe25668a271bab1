// TaperServing: see specs/
