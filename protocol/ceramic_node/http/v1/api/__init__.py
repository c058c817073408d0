"""Operations described once: what is read from a request, what is answered, and the document that says so."""
