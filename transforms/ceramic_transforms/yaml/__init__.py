"""The transforms as Beam YAML has them: parameters are plain values, rows have schemas.

`../providers.yaml` gives them their names there; `docs/beam.md` tells how a pipeline includes it.
"""
