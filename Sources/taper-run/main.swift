print("taper: not built yet")
