"""Small cohorts in the layouts of KiTS and UCSF RMaC on which rivals can be compared: 8 patients of low and 8 of high grade.

The tumours of high grade are coarser in texture, and nothing else about them differs. Axes, types, names and tables are
those of public_cohorts.py.

Run from the repository root: .deps/python/bin/python Tests/Reference/public_cohorts_rivals.py (h5py 3.16.0, nibabel
5.4.2, numpy 2.4.6); it writes Tests/IntakeTests/Fixtures/rivals.
"""

import json
import pathlib
import shutil

import h5py
import nibabel
import numpy as np

OUTPUT = pathlib.Path("Tests/IntakeTests/Fixtures/rivals")
ROWS, COLUMNS, SLICES = 32, 36, 9
SPACING = (1.0, 1.0, 6.0)  # columns, rows, slices in mm
random = np.random.default_rng(20261128)


def patient(is_high):
    """HU without and with contrast, and the tumour, each as rows x columns x slices upwards."""
    rows, columns, slices = np.mgrid[0:ROWS, 0:COLUMNS, 0:SLICES]
    centre = np.array([16, 18, 4]) + random.uniform(-2, 2, 3)
    radii = np.array([1, 1, 0.3]) * random.uniform(6, 9)
    inside = sum(((axis - middle) / radius) ** 2 for axis, middle, radius in zip((rows, columns, slices), centre, radii)) <= 1
    coarse = np.kron(random.integers(-2, 3, (ROWS // 4, COLUMNS // 4, SLICES)) * 16, np.ones((4, 4, 1)))
    fine = random.integers(-1, 2, (ROWS, COLUMNS, SLICES)) * 16
    texture = coarse if is_high else fine
    # In blocks, so that the files stay small; with the range of values that a CT has.
    noise = np.kron(random.integers(-6, 7, (ROWS // 4, COLUMNS // 4, SLICES)), np.ones((4, 4, 1)))
    plain = np.where(inside, 32, 24) + noise
    enhanced = np.where(inside, 96 + texture, 160) + noise
    for volume in (plain, enhanced):
        volume[:2], volume[-4:] = -1000, -80  # air in front, fat behind
    return plain, enhanced, inside


def main():
    shutil.rmtree(OUTPUT, ignore_errors=True)
    kits, rmac = OUTPUT / "kits", OUTPUT / "rmac"
    rmac.mkdir(parents=True)
    records, key = [], [",pid,noncon,arterial,delay,portven,mask"]
    affine = np.array([[0, 0, -SPACING[0], 120], [0, -SPACING[1], 0, 98], [-SPACING[2], 0, 0, 410], [0, 0, 0, 1]])
    for index in range(16):
        is_high = index % 2 == 1
        plain, enhanced, inside = patient(is_high)
        age, sex = int(random.integers(38, 80)), "MF"[int(random.integers(0, 2))]
        case = kits / f"case_{index:05d}"
        case.mkdir(parents=True)
        for name, values in (("imaging", enhanced.astype(np.int16)), ("segmentation", (2 * inside).astype(np.uint8))):
            turned = np.transpose(values[..., ::-1], (2, 0, 1))  # slices first, downwards
            nibabel.save(nibabel.Nifti1Image(turned, affine), case / f"{name}.nii.gz")
        records.append({
            "case_id": case.name, "age_at_nephrectomy": age, "gender": "male" if sex == "M" else "female",
            "body_mass_index": 20 + int(random.integers(0, 15)), "comorbidities": {"copd": False},
            "radiographic_size": round(float(np.cbrt(inside.sum() * 6 / 4.19) * 2 / 10), 1), "malignant": True,
            "pathology_t_stage": "1a", "pathology_n_stage": "X", "surgical_procedure": "partial_nephrectomy",
            "tumor_histologic_subtype": "clear_cell_rcc", "tumor_isup_grade": 3 if is_high else 2,
        })
        name = f"Rival{index:05d}"
        with h5py.File(rmac / f"{name}.hdf5", "w", libver="earliest") as file:
            file.attrs.update({
                "PID": name, "tumor_type": 0.0, "pathology": "clear cell", "pathology_grade": 3.0 if is_high else 2.0,
                "Manufacturer": "GE MEDICAL SYSTEMS", "Patient Age": f"{age:03d}Y", "Patient Sex": sex,
            })
            for phase, values in (("noncon", plain), ("arterial", enhanced), ("mask", inside)):
                file.create_dataset(
                    phase, data=values.astype(np.float32), compression="gzip", compression_opts=9, chunks=values.shape)
                file.attrs[f"{phase}_pixdim"] = np.array(SPACING, np.float32)
        key.append(f"{index},{name},2,2,0,0,2")
    (kits / "kits.json").write_text(json.dumps(records, indent=1) + "\n")
    (rmac / "phase_reg_key.csv").write_text("\n".join(key) + "\n")


main()
