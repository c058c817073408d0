"""Who may ask what of a node, how often and how much: in front of all of its APIs."""

from ceramic_node.http.guard.bodies import takes_body_in_pieces
from ceramic_node.http.guard.guard import Guard
from ceramic_node.http.guard.token_file import TokenFile
from ceramic_node.http.guard.tokens import Scope, Token, TokenBook, new_token

__all__ = ["Guard", "Scope", "Token", "TokenBook", "TokenFile", "new_token", "takes_body_in_pieces"]
