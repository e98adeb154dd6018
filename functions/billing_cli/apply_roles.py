"""What `terraform apply` and `terraform destroy` need: roles, and the permissions that each resource type uses.

The permissions are those that Google's reference names for the methods that the provider calls. A test checks that the
roles have them, and that every resource type of terraform/ is here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_EACH = ("create", "get", "update", "delete")
_POLICY = ("getIamPolicy", "setIamPolicy")
_ACT = "iam.serviceAccounts.actAs"


@dataclass(frozen=True)
class Role:
    """A role of the person who applies. `on` is what it is needed on, and `types` the resource types that need it."""

    name: str
    on: str
    why: str
    types: Mapping[str, tuple[str, ...]]

    @property
    def permissions(self) -> tuple[str, ...]:
        return tuple(sorted({permission for used in self.types.values() for permission in used}))


def _all(what: str, verbs: tuple[str, ...] = _EACH) -> tuple[str, ...]:
    return tuple(f"{what}.{verb}" for verb in verbs)


_DATASET_ACCESS = _all("bigquery.datasets", ("get", "update", *_POLICY))
PROJECT_ROLES = (
    Role(
        "roles/serviceusage.serviceUsageAdmin",
        "project",
        "enable the APIs, and create Google's service agents",
        {
            "google_project_service": _all("serviceusage.services", ("enable", "get", "list")),
            "google_project_service_identity": ("serviceusage.services.enable", "serviceusage.services.get"),
        },
    ),
    Role(
        "roles/resourcemanager.projectIamAdmin",
        "project",
        "read the project's number, and grant roles on the project",
        {
            "google_project": ("resourcemanager.projects.get",),
            "google_project_iam_member": _all("resourcemanager.projects", _POLICY),
        },
    ),
    Role(
        "roles/iam.serviceAccountAdmin",
        "project",
        "create the four service accounts",
        {"google_service_account": _all("iam.serviceAccounts")},
    ),
    Role(
        "roles/iam.serviceAccountUser",
        "project",
        "run functions, triggers, builds and the schedule with their service accounts",
        {"google_cloudfunctions2_function": (_ACT,), "google_cloud_scheduler_job": (_ACT,)},
    ),
    Role(
        "roles/storage.admin",
        "project",
        "create the buckets, grant roles on them, and upload the source code of the functions",
        {
            "google_storage_bucket": (*_all("storage.buckets"), "storage.objects.list", "storage.objects.delete"),
            "google_storage_bucket_iam_binding": _all("storage.buckets", _POLICY),
            "google_storage_bucket_iam_member": _all("storage.buckets", _POLICY),
            "google_storage_bucket_object": _all("storage.objects"),
            "google_storage_project_service_account": ("resourcemanager.projects.get",),
        },
    ),
    Role(
        "roles/storagetransfer.admin",
        "project",
        "create the transfer jobs",
        {
            "google_storage_transfer_job": _all("storagetransfer.jobs"),
            "google_storage_transfer_project_service_account": ("storagetransfer.projects.getServiceAccount",),
        },
    ),
    Role(
        "roles/bigquery.dataOwner",
        "project",
        "create the datasets and tables, and grant access to the datasets",
        {
            "google_bigquery_dataset": (*_all("bigquery.datasets"), "bigquery.tables.list", "bigquery.tables.delete"),
            "google_bigquery_dataset_access": _DATASET_ACCESS,
            "google_bigquery_default_service_account": ("resourcemanager.projects.get",),
            "google_bigquery_table": _all("bigquery.tables"),
        },
    ),
    Role(
        "roles/cloudfunctions.admin",
        "project",
        "create the functions with their triggers, and let events and the schedule call them",
        {
            "google_cloudfunctions2_function": (
                *_all("cloudfunctions.functions"),
                "cloudfunctions.operations.get",
                *_all("eventarc.triggers"),
            ),
            "google_cloud_run_service_iam_member": _all("run.services", _POLICY),
        },
    ),
    Role(
        "roles/artifactregistry.admin",
        "project",
        "create the repository of the images",
        {
            "google_artifact_registry_repository": _all("artifactregistry.repositories"),
            "google_artifact_registry_repository_iam_member": _all("artifactregistry.repositories", _POLICY),
        },
    ),
    Role(
        "roles/cloudscheduler.admin",
        "project",
        "create the schedule",
        {"google_cloud_scheduler_job": _all("cloudscheduler.jobs")},
    ),
    Role(
        "roles/logging.configWriter",
        "project",
        "create the metrics, and alerts on log lines",
        {
            "google_logging_metric": _all("logging.logMetrics"),
            "google_monitoring_alert_policy": _all("logging.notificationRules"),
        },
    ),
    Role(
        "roles/monitoring.editor",
        "project",
        "create the alerts, their channels and the dashboard",
        {
            "google_monitoring_alert_policy": _all("monitoring.alertPolicies"),
            "google_monitoring_dashboard": _all("monitoring.dashboards"),
            "google_monitoring_notification_channel": _all("monitoring.notificationChannels"),
        },
    ),
)
SECRET_ROLE = Role(
    "roles/secretmanager.admin",
    "each secret of `credentials_secret`",
    "let Storage Transfer read it",
    {"google_secret_manager_secret_iam_member": _all("secretmanager.secrets", _POLICY)},
)
KEY_ROLE = Role(
    "roles/cloudkms.admin",
    "each key, if you use one",
    "let Google's service agents use it",
    {"google_kms_crypto_key_iam_member": _all("cloudkms.cryptoKeys", _POLICY)},
)
EXPORT_ROLE = Role(
    "roles/bigquery.dataOwner",
    "the dataset of `google_billing_export`",
    "let the views and the functions read it",
    {"google_bigquery_dataset_access": _DATASET_ACCESS},
)
ROLES = (*PROJECT_ROLES, SECRET_ROLE, KEY_ROLE, EXPORT_ROLE)
