"""Whether all that a Kafka source needs is there: the node, Kafka and the place of schemas, one by one.

Nothing that a running source relies on is touched.
"""

from ceramic_connectors.source.checking.checking import check_source
from ceramic_connectors.source.checking.findings import Finding, Outcome, Side

__all__ = ["Finding", "Outcome", "Side", "check_source"]
