"""Results as DICOM objects in the study of their CT, and a reading back from them."""
