export { type LdaDetails, type LdaOptions, lda } from "./lda.ts";
export { type LogisticDetails, type LogisticOptions, logistic } from "./logistic.ts";
export { type RidgeDetails, type RidgeOptions, ridge } from "./ridge.ts";
export type { LinearSolution, Solver, SolverDetails, SolverOptions } from "./solver.ts";
