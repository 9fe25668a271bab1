public import ArgumentParser
public import TaperAuditor
public import TaperCalibration
public import TaperPlanFormat
public import TaperPlanner
public import TaperServing
public import TaperWorkflow

// Options with a few words for values: a refusal lists them.

extension AnswerMeasure.Name: ExpressibleByArgument {}
extension CompileMethod.Name: ExpressibleByArgument {}
extension CompileOptions.PrecisionChoice: ExpressibleByArgument {}
extension CompileOptions.ReadOut: ExpressibleByArgument {}
extension TokenSelection: ExpressibleByArgument {}
extension HaltingRule: ExpressibleByArgument {}
extension PlannerPass: ExpressibleByArgument {}
extension LineErrorPolicy: ExpressibleByArgument {}
extension LongTexts.Word: ExpressibleByArgument {}
extension EntityAggregation: ExpressibleByArgument {}
extension DatasetFormat: ExpressibleByArgument {}
