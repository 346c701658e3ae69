"""Write results as DICOM objects into the CT's study, and read readings back from them."""
