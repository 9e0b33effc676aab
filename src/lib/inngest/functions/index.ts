import { createAlertFailures } from "./alert-failures.ts";
import { createCaptureInstallation, type InstallationOptions } from "./capture-installation.ts";
import { createCapturePullRequestComments } from "./capture-pr-comments.ts";
import { createCapturePullRequestDetails } from "./capture-pr-details.ts";
import { createCapturePullRequestReviews } from "./capture-pr-reviews.ts";
import { createCaptureRepository } from "./capture-repository.ts";
import { createCaptureRepositorySync, type SyncDependencies } from "./capture-repository-sync.ts";
import { createPruneJobs } from "./prune-jobs.ts";
import { createRecordFailures } from "./record-failures.ts";
import { createReconcileDeliveries, type DeliveryDependencies } from "./reconcile-deliveries.ts";
import { createReconcileInstallation } from "./reconcile-installation.ts";
import { createReconcileRepositories } from "./reconcile-repositories.ts";

/** Every function that Inngest is served. */
export function createFunctions(
  dependencies: SyncDependencies &
    InstallationOptions &
    DeliveryDependencies & { jobRetentionDays: number; alertWebhookUrl: string | null },
) {
  const { alertWebhookUrl } = dependencies;
  return [
    ...createCapturePullRequestDetails(dependencies),
    ...createCapturePullRequestReviews(dependencies),
    ...createCapturePullRequestComments(dependencies),
    createCaptureInstallation(dependencies),
    createCaptureRepository(dependencies),
    createCaptureRepositorySync(dependencies),
    createReconcileDeliveries(dependencies),
    createReconcileRepositories(dependencies),
    createReconcileInstallation(dependencies),
    createRecordFailures(dependencies),
    createPruneJobs(dependencies),
    ...(alertWebhookUrl ? [createAlertFailures(dependencies, alertWebhookUrl)] : []),
  ];
}
