"""A virtual patient's study, served by `renalgrade annotate`, for scripts that look at the page."""

import json
import os
import re
import sqlite3
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The rules by which the series' phases are determined; nobody is excluded.
COHORT = """
cohort:
  gradeSystem: Fuhrman
  columns: {subtype: subtype, stage: stage, procedure: procedure, laterality: laterality, size: size_mm, sizeUnit: mm, scanDate: null}
  series: {preferredSpacing: 2.5, maximumSpacing: 10, minimumExtent: 50, minimumCoverage: 0.5}
  rules:
    - {name: grade known, missing: exclude, gradeKnown: true}
"""
# The program; RENALGRADE names another build.
PROGRAM = os.environ.get("RENALGRADE", str(ROOT / ".build/release/renalgrade"))


class ServedPhantom:
    """Use it in a `with` statement: `url` opens the page once, and the study is removed at the end."""

    def __init__(self, *options):
        """`options` are those of `renalgrade phantom`."""
        self.folder = tempfile.TemporaryDirectory(prefix="renalgrade-page-")
        cohort, study = Path(self.folder.name) / "cohort", Path(self.folder.name) / "study"
        self.cohort, self.study, self.server = cohort, study, None
        self._run("phantom", cohort, *options)
        protocol = Path(self.folder.name) / "protocol.yaml"
        protocol.write_text((ROOT / "Protocols/demo.yaml").read_text() + COHORT)
        self._run("init", study, "--protocol", protocol)
        self._run("import", study, "--dicom", cohort / "dicom", "--pathology", cohort / "pathology.csv")
        self._run("cohort", "select", study, "--clinical", cohort / "pathology.csv")

    @staticmethod
    def _run(*words):
        subprocess.run([PROGRAM, *map(str, words)], check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        self.server = subprocess.Popen(
            [PROGRAM, "annotate", str(self.study), "--reader", "anna", "--no-browser"], stdout=subprocess.PIPE, text=True)
        self.next_address()
        return self

    def next_address(self):
        """Reads the address for another browser, which the server prints when the former was used."""
        for line in self.server.stdout:
            if found := re.search(r"http://\S+#token=\w+", line):
                self.url = found.group()
                return
        raise SystemExit("the server printed no address")

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.folder.cleanup()

    def outlines(self):
        """The virtual reader's outlines as {series: {slice: vertices}}, numbered as the page numbers them."""
        with sqlite3.connect(self.study / "study.sqlite") as tables:
            rows = tables.execute("SELECT sopInstanceUID, seriesId, ordinal FROM slice").fetchall()
        series = sorted({row[1] for row in rows})
        places = {instance: (series.index(one), ordinal) for instance, one, ordinal in rows}
        found = {}
        for dataset in json.loads((self.cohort / "mdai.json").read_text())["datasets"]:
            for annotation in dataset["annotations"]:
                number, ordinal = places[annotation["SOPInstanceUID"]]
                found.setdefault(number, {})[ordinal] = annotation["data"]["vertices"]
        return found
