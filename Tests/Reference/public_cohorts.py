"""Fixtures and golden values for Tests/IntakeTests: files in the layouts of the public cohorts.

UCSF RMaC: h5py writes one file per patient as the data set's own scripts do (github.com/LarsonLab/UCSF-RMaC, doi
10.58078/C2WC74), each with a quirk or a defect. KiTS: nibabel writes cases in the challenge's layout, each with another
affine, type or byte order. What an importer must find is computed here: of RMaC from the arrays that were written, of
KiTS from what nibabel reads back. A slice's check is (sum of HU, sum of HU x (31 row + 17 column mod 101)), so that
neither a transposed nor a mirrored slice passes.

Run from the repository root: .deps/python/bin/python Tests/Reference/public_cohorts.py (h5py 3.16.0, nibabel 5.4.2,
numpy 2.4.6). With the sample of KiTS19 at ../shared/data/kits-sample, the volumes of its labels are recomputed too.
"""

import json
import pathlib
import shutil

import h5py
import nibabel
import numpy as np

OUTPUT = pathlib.Path("Tests/IntakeTests/Fixtures")
SAMPLE = pathlib.Path("../shared/data/kits-sample")
PHASES = ["noncon", "arterial", "portven", "delay"]
ROWS, COLUMNS, SLICES = 20, 28, 5  # no two alike, so that no axis is taken for another

random = np.random.default_rng(20250101)


def check(hu):
    """hu as rows x columns of whole numbers."""
    rows, columns = np.mgrid[0 : hu.shape[0], 0 : hu.shape[1]]
    return [int(hu.sum()), int((hu * ((31 * rows + 17 * columns) % 101)).sum())]


def checks(volume):
    """volume as rows x columns x slices."""
    return [check(volume[:, :, slice]) for slice in range(volume.shape[2])]


def whole(volume):
    return np.floor(np.where(np.isfinite(volume), volume, -1000).astype(np.float32) + 0.5).astype(np.int64)


def noise(shape=(ROWS, COLUMNS, SLICES)):
    """HU with a fraction that is never a half, as registration leaves them; in blocks, so that the files stay small."""
    small = [-(-shape[0] // 4), -(-shape[1] // 4), *shape[2:]]
    values = random.integers(-8, 24, small) * 16 + random.choice([-0.25, 0.0, 0.25], small)
    return np.repeat(np.repeat(values, 4, 0), 4, 1)[: shape[0], : shape[1]]


def ellipse(shape=(ROWS, COLUMNS, SLICES), centre=(8, 17), radii=(5, 7), slices=(1, 2, 3)):
    mask = np.zeros(shape)
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    inside = ((rows - centre[0]) / radii[0]) ** 2 + ((columns - centre[1]) / radii[1]) ** 2 <= 1
    for slice in slices:
        mask[:, :, slice] = inside
    return mask


class Patient:
    def __init__(self, name, status=(2, 2, 2, 2), shape=(ROWS, COLUMNS, SLICES), **attributes):
        self.name, self.status = name, dict(zip(PHASES, status))
        self.volumes = {phase: noise(shape) for phase, value in self.status.items() if value}
        size = np.array(shape[:2])
        self.mask = ellipse(shape, size * (0.4, 0.6), size / 4, range(1, shape[2] - 1))
        self.pixdim = {phase: [0.75, 0.75, 2.5] for phase in [*self.volumes, "mask"]}
        self.attributes = {
            "PID": name, "tumor_type": 0.0, "pathology": "clear cell", "pathology_grade": 3.0,
            "Manufacturer": "GE MEDICAL SYSTEMS", "Patient Age": "063Y", "Patient Sex": "M", **attributes,
        }
        self.options = dict(compression="gzip", compression_opts=9, chunks=shape)
        self.dtype = np.float64
        self.library = ("v110", "v110")

    def write(self, folder):
        path = folder / f"{self.name.strip()}.hdf5"
        with h5py.File(path, "w", libver=self.library) as file:
            for key, value in self.attributes.items():
                if value is not None:
                    file.attrs[key] = value
            for name, volume in {**self.volumes, "mask": self.mask}.items():
                if volume is None:
                    continue
                options = {**self.options}
                if "shuffle" not in options and options:
                    options["chunks"] = volume.shape
                file.create_dataset(name, data=volume.astype(self.dtype), **options)
                if self.pixdim.get(name) is not None:
                    file.attrs[f"{name}_pixdim"] = np.array(self.pixdim[name], np.float32)
        return path

    def golden(self, grade, carrier, **more):
        return {
            "grade": grade, "carrier": carrier, "spacing": self.pixdim["noncon"],
            "volumes": {phase: checks(whole(volume)) for phase, volume in self.volumes.items()},
            "mask": checks((self.mask >= 0.5).astype(np.int64)), **more,
        }


def rmac(folder):
    folder.mkdir(parents=True)
    key, golden, aside = [], {}, {}

    def take(patient, grade, carrier="arterial", **more):
        patient.write(folder)
        key.append((patient.name.strip(), patient.status))
        golden[patient.name.strip()] = patient.golden(grade, carrier, **more)

    def refuse(patient, reason, change=None, listed=True):
        # Texts of fixed length, of which HDF5 keeps no heap: these files are many.
        for attribute, value in patient.attributes.items():
            if isinstance(value, str):
                patient.attributes[attribute] = np.bytes_(value)
        path = patient.write(folder)
        if change:
            change(path)
        if listed:
            key.append((patient.name, patient.status))
        aside[patient.name] = reason

    # As the data set's own scripts write them.
    plain = Patient("Plain00001", shape=(6, 9, 3))
    plain.options = {}
    plain.library = "earliest"
    take(plain, 3)
    # Fixed-length bytes, one-element arrays, a trailing blank, float32 in chunks, no arterial phase, a woman of 58.
    quirks = Patient("Quirky0001 ", (2, 0, 2, 2), **{
        "PID": np.bytes_("Quirky0001 "), "tumor_type": np.array([0]), "pathology": np.array([b"Clear Cell"]),
        "pathology_grade": np.array([2.0]), "Patient Age": 58, "Patient Sex": np.bytes_("Female"),
    })
    quirks.library = ("earliest", "v110")
    quirks.dtype = np.float32
    quirks.options = dict(compression="gzip", chunks=(8, 8, 2), shuffle=True)
    quirks.pixdim["mask"] = None
    take(quirks, 2, "portven")
    # Only the class is known; the second one's mask is a box, turned a little by registration.
    take(Patient("ClassHigh1", (2, 2, 0, 0), pathology_grade=5.0), 3, basis="class")
    box = Patient("ClassLow01", (2, 2, 0, 0), pathology_grade=6.0)
    box.mask = np.zeros_like(box.mask)
    box.mask[4:14, 6:18, 1:4] = 1
    box.mask[4, 6, 1:4] = box.mask[13, 17, 1:4] = 0
    take(box, 2, basis="class", box=True)
    # The arterial volume is not registered and has other slices: the portal venous one carries the contours.
    unregistered = Patient("Unreg00001", (2, 1, 2, 0), pathology_grade="4")
    unregistered.volumes["arterial"] = noise((ROWS, COLUMNS, 7))
    take(unregistered, 4, "portven")
    # Values that are no numbers are air; the mask has a hole, two parts, a corner contact, and reaches the border.
    holes = Patient("Holes00001", (2, 2, 0, 0), pathology_grade=1)
    holes.volumes["arterial"][3, 4, 2] = np.nan
    holes.volumes["arterial"][5, 6, 2] = np.inf
    holes.mask = np.zeros((ROWS, COLUMNS, SLICES))
    holes.mask[2:9, 3:12, 2] = 1
    holes.mask[4:6, 5:8, 2] = 0
    holes.mask[7, 9, 2] = 0
    holes.mask[9, 12, 2] = 1
    holes.mask[15:20, 20:28, 2] = 1
    holes.mask[0, 0, 3] = holes.mask[1, 1, 3] = 1
    take(holes, 1)
    # The size of the real ones.
    large = Patient("Large00001", (2, 2, 0, 0), pathology_grade=2.0)
    shape = (512, 512, 2)
    large.dtype = np.float32
    large.options = dict(compression="gzip", compression_opts=9, chunks=shape)
    tile = np.kron(random.integers(-8, 24, (4, 4, 2)) * 16, np.ones((128, 128, 1)))
    large.volumes = {"noncon": tile - 16, "arterial": tile}
    large.mask = ellipse(shape, (200, 300), (33, 47), (0, 1))
    take(large, 2)
    # The key and the file do not agree on two volumes.
    contradiction = Patient("KeyFile001", (2, 2, 2, 0))
    contradiction.volumes = {"noncon": noise(), "arterial": noise(), "delay": noise()}
    contradiction.pixdim["delay"] = contradiction.pixdim["arterial"]
    contradiction.write(folder)
    key.append((contradiction.name, contradiction.status))
    del contradiction.volumes["delay"]
    golden[contradiction.name] = contradiction.golden(3, "arterial")
    # A phase besides the carrier is flat: it alone is left out.
    flat = Patient("FlatDelay1", (2, 2, 0, 2))
    flat.volumes["delay"] = noise((ROWS, COLUMNS))
    flat.write(folder)
    key.append((flat.name, flat.status))
    del flat.volumes["delay"]
    golden[flat.name] = flat.golden(3, "arterial")

    small = dict(status=(2, 2, 0, 0), shape=(6, 8, 3))
    refuse(Patient("Oncocytoma", **small, tumor_type=1.0, pathology="oncocytoma"), "tumor_type is 1 (oncocytoma)")
    refuse(Patient("Papillary1", **small, pathology="papillary"), 'pathology is "papillary"')
    refuse(Patient("MixedType1", **small, pathology="clear cell, papillary"), 'pathology is "clear cell, papillary"')
    refuse(Patient("Nos0000001", **small, pathology="renal cell carcinoma, NOS", pathology_grade=6.0),
           'pathology is "renal cell carcinoma, NOS"')
    refuse(Patient("NoPatholog", **small, pathology=None), "pathology is missing")
    refuse(Patient("NoType0001", **small, tumor_type=None), "tumor_type is missing")
    refuse(Patient("GradeNaN01", **small, pathology_grade=float("nan")), "pathology_grade is missing")
    refuse(Patient("NoGrade001", **small, pathology_grade=None), "pathology_grade is missing")
    refuse(Patient("Grade70001", **small, pathology_grade=7.0), 'pathology_grade is "7"')
    refuse(Patient("EmptyAttr1", **small, pathology=h5py.Empty("f")), "pathology is missing")
    refuse(Patient("AllUnreg01", (2, 1, 1, 0), (6, 8, 3)), "is present and registered to it")
    refuse(Patient("OnlyDelay1", (2, 0, 0, 2), (6, 8, 3)), "is present and registered to it")
    refuse(Patient("NoKeyRow01", **small), "phase_reg_key.csv has no row", listed=False)
    refuse(Patient("WrongPID01", **small, PID="Another001"), "the attribute PID is not the file's name")
    empty = Patient("EmptyMask1", **small)
    empty.mask = np.zeros_like(empty.mask)
    refuse(empty, "the mask is empty")
    absent = Patient("NoMask0001", **small)
    absent.mask = None
    refuse(absent, 'the data set "mask" is missing')
    other = Patient("OtherGrid1", **small)
    other.mask = ellipse((6, 8, 4), (3, 4), (2, 2), (1, 2))
    refuse(other, "is present and registered to it")
    plane = Patient("FlatMask01", **small)
    plane.mask = plane.mask[:, :, 1]
    refuse(plane, "found 6 x 8")
    pixels = Patient("NoPixdim01", **small)
    pixels.pixdim["noncon"] = None
    refuse(pixels, 'the attribute "noncon_pixdim"')
    zero = Patient("ZeroDim001", **small)
    zero.pixdim["noncon"] = [0.75, 0.75, 0]
    refuse(zero, 'the attribute "noncon_pixdim"')
    refuse(Patient("Truncated1", **small), "this is not a complete HDF5 file",
           lambda path: path.write_bytes(path.read_bytes()[:-300]))
    refuse(Patient("NotHDF5001", **small), "this is not a complete HDF5 file", lambda path: path.write_text("not found\n"))

    # The chunk's compressed data, overwritten in their middle.
    def damage(path):
        with h5py.File(path) as file:
            chunk = file["arterial"].id.get_chunk_info(0)
        data = bytearray(path.read_bytes())
        middle = chunk.byte_offset + chunk.size // 2
        data[middle : middle + 16] = bytes(16)
        path.write_bytes(data)

    refuse(Patient("Damaged001", **small), 'the data set "arterial" cannot be read', damage)

    drawn = random.bit_generator.state  # put back below, so that these patients leave KiTS's files as they are
    # Registered by a tool that leaves the moving volume's distances in the header, and the mask with it.
    moved = Patient("Moving0001", (2, 2, 2, 0), pathology_grade=2.0)
    moved.pixdim["arterial"] = moved.pixdim["mask"] = [0.81640625, 0.81640625, 5.0]
    moved.pixdim["portven"] = [0.75, 0.75, 1.25]
    take(moved, 2)
    refuse(Patient("TwoRows001", **small), "2 rows for this patient that differ")
    key.append(("TwoRows001", {**key[0][1], "arterial": 1}))
    key.append(("Plain00001 ", key[0][1]))  # the key has some patients twice, once with a blank behind
    random.bit_generator.state = drawn

    lines = [",pid,noncon,arterial,delay,portven,mask"]
    for index, (name, status) in enumerate(key):
        lines.append(f"{index},{name},{status['noncon']},{status['arterial']},{status['delay']},{status['portven']},2")
    (folder / "phase_reg_key.csv").write_text("\n".join(lines) + "\n")
    return {"taken": golden, "aside": aside}


def kits_golden(imaging, labels):
    """What lies where, read back by nibabel and turned to DICOM's axial orientation."""
    canonical = nibabel.as_closest_canonical(imaging)
    hu = whole(canonical.get_fdata())[::-1, ::-1, :]  # left, posterior, superior
    mask = np.asarray(nibabel.as_closest_canonical(labels).dataobj)[::-1, ::-1, :] == 2
    first = canonical.affine @ [hu.shape[0] - 1, hu.shape[1] - 1, 0, 1]
    last = canonical.affine @ [hu.shape[0] - 1, hu.shape[1] - 1, hu.shape[2] - 1, 1]
    return {
        "volume": checks(hu.transpose(1, 0, 2)), "mask": checks(mask.transpose(1, 0, 2).astype(np.int64)),
        "first": [-first[0], -first[1], first[2]], "last": [-last[0], -last[1], last[2]],
        "spacing": [float(np.linalg.norm(canonical.affine[:3, axis])) for axis in (1, 0)],
        **label_volumes(labels),
    }


def label_volumes(labels):
    voxel = abs(np.linalg.det(labels.affine[:3, :3]))
    array = np.asarray(labels.dataobj)
    names = {1: "kidney_mm3", 2: "tumor_mm3", 3: "cyst_mm3"}
    return {name: float(np.count_nonzero(array == label) * voxel) for label, name in names.items()}


def kits(folder):
    folder.mkdir(parents=True)
    shape = (6, 14, 18)  # slices from above, rows, columns
    kits_affine = np.array([[0, 0, -0.75, 120.5], [0, -0.75, 0, 98.25], [-3.0, 0, 0, 410], [0, 0, 0, 1]])
    turn = np.radians(4)  # a gantry's tilt, which DICOM can say
    tilt = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    oblique = np.eye(4)
    oblique[:3, :3] = tilt @ np.diag([0.8, 0.9, 5])
    oblique[:3, 3] = [-60, 20, -300]
    records, golden, aside = [], {}, {}

    def record(name, grade=2, subtype="clear_cell_rcc", **more):
        records.append({
            "case_id": name, "age_at_nephrectomy": 61, "gender": "female", "body_mass_index": 27.5,
            "comorbidities": {"copd": False}, "radiographic_size": 3.4, "malignant": True, "pathology_t_stage": "1a",
            "pathology_n_stage": "X", "tumor_histologic_subtype": subtype, "tumor_isup_grade": grade, **more,
        })

    def case(name, affine, dtype=np.int16, shape=shape, endian="<", slope=None, intercept=None, code="sform",
             image=nibabel.Nifti1Image, suffix=".nii.gz", map_name="segmentation"):
        path = folder / name
        path.mkdir()
        hu = noise(shape).round().astype(np.int64)
        labels = random.choice([0, 1, 2, 3], shape, p=[0.6, 0.2, 0.15, 0.05]).astype(np.uint8)
        header = (nibabel.Nifti2Header if image is nibabel.Nifti2Image else nibabel.Nifti1Header)(endianness=endian)
        header.set_data_dtype(np.dtype(dtype).newbyteorder(endian))
        stored = hu if slope is None else (hu - intercept) / slope
        imaging = image(stored.astype(dtype), affine, header)
        maps = image(labels, affine, header.__class__(endianness=endian))
        maps.set_data_dtype(np.uint8)
        for volume in (imaging, maps):
            volume.set_sform(affine if code == "sform" else None, 2 if code == "sform" else 0)
            volume.set_qform(affine if code == "qform" else None, 1 if code == "qform" else 0)
        if slope is not None:
            imaging.header.set_slope_inter(slope, intercept)
            imaging.header["scl_slope"], imaging.header["scl_inter"] = slope, intercept
        save(imaging, path / f"imaging{suffix}", slope, intercept)
        save(maps, path / f"{map_name}{suffix}")
        return nibabel.load(path / f"imaging{suffix}"), nibabel.load(path / f"{map_name}{suffix}")

    def save(volume, path, slope=None, intercept=None):
        """nibabel chooses its own scaling when it saves, so the wanted one is written over it."""
        nibabel.save(volume, path)
        if slope is None:
            return
        import gzip
        is_gzipped = path.suffix == ".gz"
        data = bytearray(gzip.decompress(path.read_bytes()) if is_gzipped else path.read_bytes())
        header = volume.header.copy()
        offset, kind = (176, "f8") if isinstance(header, nibabel.Nifti2Header) else (112, "f4")
        data[offset : offset + 2 * int(kind[1])] = np.array([slope, intercept], header.endianness + kind).tobytes()
        path.write_bytes(gzip.compress(data, mtime=0) if is_gzipped else bytes(data))

    def take(name, grade, affine, **options):
        golden[name] = {"grade": grade, **kits_golden(*case(name, affine, **options))}

    record("case_00000", 3)
    take("case_00000", 3, kits_affine, dtype=np.float64)
    record("case_00001", "2", pathology_t_stage="3", tumor_necrosis="na", radiographic_size=None)
    take("case_00001", 2, kits_affine, dtype=np.int16, slope=2.0, intercept=-128.0, map_name="aggregated_MAJ_seg")
    record("case_00002", 4.0)
    take("case_00002", 4, oblique, shape=(18, 14, 6), dtype=np.float32, endian=">", code="qform", suffix=".nii")
    record("case_00003", 1)
    take("case_00003", 1, np.diag([-0.7, 0.7, 2.0, 1]) + np.array([[0, 0, 0, 55.0]] + [[0] * 4] * 3),
         shape=(18, 14, 6), endian=">", image=nibabel.Nifti2Image)

    record("case_00010", 2, "papillary")
    aside["case_00010"] = 'tumor_histologic_subtype is "papillary"'
    record("case_00011", "na")
    aside["case_00011"] = "tumor_isup_grade is missing"
    record("case_00012", None, "chromophobe")
    aside["case_00012"] = 'tumor_histologic_subtype is "chromophobe"'
    record("case_00013", 2)
    aside["case_00013"] = "imaging.nii.gz is not in the case's folder"
    record("case_00014", 2)
    case("case_00014", kits_affine)
    (folder / "case_00014/segmentation.nii.gz").unlink()
    aside["case_00014"] = "no label map"
    record("case_00015", 2)
    case("case_00015", kits_affine)
    whole_file = (folder / "case_00015/imaging.nii.gz").read_bytes()
    (folder / "case_00015/imaging.nii.gz").write_bytes(whole_file[: len(whole_file) // 2])
    aside["case_00015"] = "the file is cut off"
    record("case_00016", 2)
    case("case_00016", kits_affine)
    shutil.copy(folder / "case_00003/segmentation.nii.gz", folder / "case_00016/segmentation.nii.gz")
    aside["case_00016"] = "imaging and labels have different voxel grids"
    record("case_00017", 2)
    case("case_00017", kits_affine, code="none")
    aside["case_00017"] = "neither sform nor qform"
    record("case_00018", 2)
    case("case_00018", kits_affine)
    (folder / "case_00018/segmentation.nii.gz").write_bytes(b"not found\n")
    aside["case_00018"] = "this is not a NIfTI file"
    record("case_00019", 2)
    case("case_00019", kits_affine)
    labels = nibabel.load(folder / "case_00019/segmentation.nii.gz")
    nibabel.save(nibabel.Nifti1Image(np.minimum(np.asarray(labels.dataobj), 1), labels.affine),
                 folder / "case_00019/segmentation.nii.gz")
    aside["case_00019"] = "no voxel is marked as tumour"

    (folder / "kits.json").write_text(json.dumps(records, indent=1) + "\n")
    return {"taken": golden, "aside": aside}


def main():
    previous = json.loads((OUTPUT / "golden.json").read_text()) if (OUTPUT / "golden.json").exists() else {}
    for cohort in ("rmac", "kits"):
        shutil.rmtree(OUTPUT / cohort, ignore_errors=True)
    golden = {"rmac": rmac(OUTPUT / "rmac"), "kits": kits(OUTPUT / "kits")}
    golden["kitsSample"] = previous.get("kitsSample", {})
    for path in sorted(SAMPLE.glob("case_*/segmentation.nii.gz")):
        golden["kitsSample"][path.parent.name] = label_volumes(nibabel.load(path))
    (OUTPUT / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
