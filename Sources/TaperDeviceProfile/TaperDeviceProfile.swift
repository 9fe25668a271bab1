// TaperDeviceProfile: see specs/
