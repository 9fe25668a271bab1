import TaperBase
import TaperPlanFormat
import TaperPlanRuntime

/// Reading a plan without its weights.
enum PlanFile {
  static func read(_ path: String) throws -> Plan {
    try InputKind.plan.require(path)
    return try unsafe MappedFile(path: path).withBytes { (bytes) throws(RuntimeError) in
      do throws(PlanFormatError) {
        return try unsafe PlanReader.read(bytes).plan
      } catch {
        throw .badPlan(path: path, error)
      }
    }
  }
}
