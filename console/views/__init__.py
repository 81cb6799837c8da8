"""Console, views: one module a question, each with its blueprint."""
