# Values in the form that the configuration expects. Terraform's generated strings are not IAM members or job names.

mock_data "google_project" {
  defaults = {
    number = "123456789012"
  }
}

mock_data "google_storage_project_service_account" {
  defaults = {
    email_address = "service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
    member        = "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
  }
}

mock_data "google_storage_transfer_project_service_account" {
  defaults = {
    email      = "project-123456789012@storage-transfer-service.iam.gserviceaccount.com"
    member     = "serviceAccount:project-123456789012@storage-transfer-service.iam.gserviceaccount.com"
    subject_id = "112233445566778899001"
  }
}

mock_data "google_bigquery_default_service_account" {
  defaults = {
    email  = "bq-123456789012@bigquery-encryption.iam.gserviceaccount.com"
    member = "serviceAccount:bq-123456789012@bigquery-encryption.iam.gserviceaccount.com"
  }
}

mock_resource "google_service_account" {
  defaults = {
    email  = "account@acme-billing.iam.gserviceaccount.com"
    id     = "projects/acme-billing/serviceAccounts/account@acme-billing.iam.gserviceaccount.com"
    member = "serviceAccount:account@acme-billing.iam.gserviceaccount.com"
  }
}

mock_resource "google_storage_transfer_job" {
  defaults = {
    name = "transferJobs/1234567890"
  }
}

mock_resource "google_artifact_registry_repository" {
  defaults = {
    id = "projects/acme-billing/locations/europe-west1/repositories/billing-functions"
  }
}

mock_resource "google_monitoring_dashboard" {
  defaults = {
    id = "projects/123456789012/dashboards/abcdef"
  }
}
