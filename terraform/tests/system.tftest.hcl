# A deployment with one source per provider.

mock_provider "google" {
  source = "./tests/mocks/google"
}

mock_provider "google-beta" {
  source = "./tests/mocks/google-beta"
}

mock_provider "archive" {
  source = "./tests/mocks/archive"
}

mock_provider "time" {
  source = "./tests/mocks/time"
}

# The grants of Google's agents cannot be destroyed, and each test destroys what it applied.
variables {
  project_id        = "acme-billing"
  project_setup     = false
  region            = "europe-west1"
  bigquery_location = "europe-west1"
  aws_sources = {
    cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" }
  }
  azure_sources = {
    focus = {
      storage_account    = "acmebilling"
      container          = "exports"
      path               = "exports/azure/"
      export_name        = "focus-cost"
      focus_version      = "1.2"
      federated_identity = { client_id = "11111111-2222-3333-4444-555555555555", tenant_id = "66666666-7777-8888-9999-000000000000" }
    }
  }
}

run "both_providers" {
  assert {
    condition     = output.functions == { load_aws = "billing-load-aws", load_azure = "billing-load-azure", sweep = "billing-sweep" }
    error_message = "Expected one event function per provider and the sweep, without underscores in the names: ${jsonencode(output.functions)}."
  }
  assert {
    condition     = output.landing_buckets == { aws = "acme-billing-billing-landing-aws", azure = "acme-billing-billing-landing-azure" }
    error_message = "Expected one landing bucket per provider: ${jsonencode(output.landing_buckets)}."
  }
  assert {
    condition = output.tables == {
      aws_cur     = { months = "acme-billing.billing.aws_cur", tracking = "acme-billing.billing.aws_cur_load_tracking" }
      azure_focus = { months = "acme-billing.billing.azure_focus", tracking = "acme-billing.billing.azure_focus_load_tracking" }
    }
    error_message = "Expected one table and one tracking table per source: ${jsonencode(output.tables)}."
  }
  assert {
    condition = output.environment == {
      BOOKKEEPING_BUCKET                   = "acme-billing-billing-bookkeeping"
      DESTINATION__BIGQUERY__LOCATION      = "europe-west1"
      DESTINATION__BIGQUERY__PROJECT_ID    = "acme-billing"
      FOCUS_DATASET                        = "billing_focus"
      SOURCES__AWS_CUR__BUCKET             = "acme-billing-billing-landing-aws"
      SOURCES__AWS_CUR__DATASET            = "billing"
      SOURCES__AWS_CUR__EXPORT_NAME        = "acme-cur"
      SOURCES__AWS_CUR__FORMAT             = "aws_cur_v1_csv"
      SOURCES__AWS_CUR__ON_SHRINK          = "alert"
      SOURCES__AWS_CUR__PREFIX             = "aws/cur/"
      SOURCES__AWS_CUR__SETTLE_HOURS       = "3"
      SOURCES__AWS_CUR__SHRINK_PERCENT     = "20"
      SOURCES__AWS_CUR__SOURCE_PATH        = "exports/aws/"
      SOURCES__AWS_CUR__TABLE_NAME         = "aws_cur"
      SOURCES__AWS_CUR__TYPE_OVERRIDES     = "{}"
      SOURCES__AZURE_FOCUS__BUCKET         = "acme-billing-billing-landing-azure"
      SOURCES__AZURE_FOCUS__DATASET        = "billing"
      SOURCES__AZURE_FOCUS__EXPORT_NAME    = "focus-cost"
      SOURCES__AZURE_FOCUS__FORMAT         = "azure_focus_parquet"
      SOURCES__AZURE_FOCUS__ON_SHRINK      = "alert"
      SOURCES__AZURE_FOCUS__PREFIX         = "azure/focus/"
      SOURCES__AZURE_FOCUS__SETTLE_HOURS   = "3"
      SOURCES__AZURE_FOCUS__SHRINK_PERCENT = "20"
      SOURCES__AZURE_FOCUS__SOURCE_PATH    = "exports/azure/"
      SOURCES__AZURE_FOCUS__TABLE_NAME     = "azure_focus"
      SOURCES__AZURE_FOCUS__TYPE_OVERRIDES = "{}"
    }
    error_message = "Expected every setting that functions/billing/settings/ reads: ${jsonencode(output.environment)}."
  }
  assert {
    condition     = jsondecode(output.aws_policies["cur"].trust_policy).Statement[0].Condition.StringEquals["accounts.google.com:sub"] == "112233445566778899001"
    error_message = "The trust policy must name the service agent of this project: ${output.aws_policies["cur"].trust_policy}."
  }
  assert {
    condition     = output.azure_federation["focus"] == { audience = "api://AzureADTokenExchange", issuer = "https://accounts.google.com", subject = "112233445566778899001" }
    error_message = "The federated credential must name the service agent of this project: ${jsonencode(output.azure_federation)}."
  }
  assert {
    condition     = output.sweep_command == "gcloud scheduler jobs run billing-sweep --location=europe-west1 --project=acme-billing"
    error_message = "The output must say how to start a sweep: ${output.sweep_command}."
  }
}

run "google_billing_export" {
  variables {
    focus_dataset         = "finops"
    google_billing_export = "acme-admin.exports.gcp_billing_export_v1_0123AB_CDEF01_234567"
  }

  assert {
    condition     = output.environment.GOOGLE_BILLING_EXPORT == "acme-admin.exports.gcp_billing_export_v1_0123AB_CDEF01_234567" && output.environment.FOCUS_DATASET == "finops"
    error_message = "The environment lacks the table of Google Cloud's export or the FOCUS dataset: ${jsonencode(output.environment)}."
  }
  assert {
    condition     = output.focus_view == "acme-billing.finops.focus_costs"
    error_message = "The view is in another dataset: ${output.focus_view}."
  }
}

run "one_provider" {
  variables {
    azure_sources = {}
  }

  assert {
    condition     = output.functions == { load_aws = "billing-load-aws", sweep = "billing-sweep" } && keys(output.landing_buckets) == ["aws"]
    error_message = "A provider without a source must have no bucket and no function."
  }
}

run "second_prefix" {
  variables {
    prefix = "cost-dev"
  }

  assert {
    condition     = output.functions.sweep == "cost-dev-sweep" && output.bookkeeping_bucket == "acme-billing-cost-dev-bookkeeping"
    error_message = "A name does not start with the prefix."
  }
  assert {
    condition     = output.tables["aws_cur"].months == "acme-billing.cost_dev.aws_cur"
    error_message = "The default dataset is not the prefix with _ for -."
  }
}

run "shared_secret" {
  command = plan
  variables {
    aws_sources = {
      cur   = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", credentials_secret = "projects/123456789012/secrets/shared" }
      other = { bucket = "other-exports", path = "exports/aws/", export_name = "acme-cur", credentials_secret = "projects/123456789012/secrets/shared" }
    }
  }

  assert {
    condition     = [for grant in google_secret_manager_secret_iam_member.transfer : "${grant.project} ${grant.secret_id} ${grant.member}"] == ["123456789012 shared serviceAccount:project-123456789012@storage-transfer-service.iam.gserviceaccount.com"]
    error_message = "A secret that two sources share must be granted once: ${jsonencode(keys(google_secret_manager_secret_iam_member.transfer))}."
  }
}

run "google_billing_export_in_a_dataset_of_the_system" {
  command = plan
  variables {
    google_billing_export = "acme-billing.billing.gcp_billing_export_v1_0123AB_CDEF01_234567"
  }

  assert {
    condition     = local.google_export == null && output.environment.GOOGLE_BILLING_EXPORT == "acme-billing.billing.gcp_billing_export_v1_0123AB_CDEF01_234567"
    error_message = "A dataset of the system must not be granted twice."
  }
}
