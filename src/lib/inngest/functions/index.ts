import { createAlertFailures } from "./alert-failures.ts";
import { createCaptureAccount } from "./capture-account.ts";
import { createCaptureInstallation, type InstallationOptions } from "./capture-installation.ts";
import { createCapturePullRequestComments } from "./capture-pr-comments.ts";
import { createCapturePullRequestDetails } from "./capture-pr-details.ts";
import { createCapturePullRequestReviews } from "./capture-pr-reviews.ts";
import { createCaptureRepository } from "./capture-repository.ts";
import { createCaptureRepositorySync, type SyncDependencies } from "./capture-repository-sync.ts";
import { createCaptureTitles } from "./capture-titles.ts";
import { createRecordFailures, type RecordFailuresDependencies } from "./record-failures.ts";
import type { DeliveryDependencies } from "../reconcile/deliveries.ts";
import { createReconcileDeliveries } from "./reconcile-deliveries.ts";
import { createReconcileInstallation } from "./reconcile-installation.ts";
import { createReconcileRepositories } from "./reconcile-repositories.ts";

/** Every Inngest function. */
export function createFunctions(
  dependencies: SyncDependencies &
    InstallationOptions &
    RecordFailuresDependencies &
    DeliveryDependencies & { alertWebhookUrl: string | null },
) {
  const { alertWebhookUrl } = dependencies;
  return [
    ...createCapturePullRequestDetails(dependencies),
    ...createCapturePullRequestReviews(dependencies),
    ...createCapturePullRequestComments(dependencies),
    createCaptureInstallation(dependencies),
    createCaptureRepository(dependencies),
    createCaptureTitles(dependencies),
    createCaptureAccount(dependencies),
    createCaptureRepositorySync(dependencies),
    createReconcileDeliveries(dependencies),
    createReconcileRepositories(dependencies),
    createReconcileInstallation(dependencies),
    createRecordFailures(dependencies),
    ...(alertWebhookUrl ? [createAlertFailures(dependencies, alertWebhookUrl)] : []),
  ];
}
