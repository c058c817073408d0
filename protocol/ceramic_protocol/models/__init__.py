"""The state rules of models and of model instance documents (consensus.md 3.1 and 3.2)."""
