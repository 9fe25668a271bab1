// Tests of TaperDeviceProfile.
