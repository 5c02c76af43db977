"""A fitted pipeline, written as flat arrays and a structure.

`export_pipeline` describes it, `write_export` puts the two files into a directory, and
`inference.serving.evaluate.load_model` reads them back with the standard library.
"""

from inference.export.pipeline import Export, export_pipeline
from inference.export.writer import write_export

__all__ = ["Export", "export_pipeline", "write_export"]
