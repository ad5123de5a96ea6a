"""What every retriever is: it answers a question with listing rows by falling score."""
