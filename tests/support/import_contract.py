"""An import contract that lists what may be imported, so that what nobody thought of is forbidden.

`lint-imports` loads it by its name in `pyproject.toml`.
"""

import grimp
from importlinter import Contract, ContractCheck, fields, output


class MayImportOnly(Contract):
    """What leaves `source_modules` goes to `allowed_modules`, or to modules outside `within` if that is given.

    Modules below a named one are meant too.
    """

    type_name = "may_import_only"

    source_modules = fields.ListField(subfield=fields.StringField())
    allowed_modules = fields.ListField(subfield=fields.StringField())
    within = fields.StringField(required=False, default="")

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Look at each direct import once."""
        sources = _strings(self.source_modules)
        allowed = sources + _strings(self.allowed_modules)
        found = [
            (importer, imported)
            for importer in sorted(graph.modules)
            if _below(importer, sources)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if (not str(self.within) or _below(imported, [str(self.within)])) and not _below(imported, allowed)
        ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the imports that are not allowed."""
        for importer, imported in check.metadata["found"]:
            output.print_error(f"{importer} may not import {imported}")


def _below(module: str, named: list[str]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in named)


def _strings(field: object) -> list[str]:
    assert isinstance(field, list)
    return [str(each) for each in field]
