import Glibc

/// Natural logarithms, named apart from Glibc's overloads so that the precision is chosen by the argument's type.
func logarithm(_ x: Float) -> Float { logf(x) }
func logarithm(_ x: Double) -> Double { log(x) }
