export {
  type FeatureStatistics,
  type FeatureStatisticsJson,
  type FeatureSums,
  featureStatistics,
  mergeStatistics,
  statisticsFromJson,
  subtractStatistics,
} from "./feature-statistics.ts";
export { ldaFromStatistics, ridgeFromStatistics } from "./from-statistics.ts";
export { type Evaluation, type MinimizeOptions, type Minimum, minimize, type Objective } from "./lbfgs.ts";
export { fitLda } from "./lda.ts";
export { fitLogistic } from "./logistic.ts";
export type { ObjectiveFactory } from "./logistic-path.ts";
export { fitRidge } from "./ridge.ts";
export { betweenScatter, classMeans, featureMean, featureVariance, totalScatter, withinScatter } from "./scatter.ts";
export { type Fold, stratifiedFolds } from "./stratified-folds.ts";
