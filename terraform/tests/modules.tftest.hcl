# The resources of single modules, where the outputs of the root do not show them.

mock_provider "google" {
  source = "./tests/mocks/google"
}

mock_provider "archive" {
  source = "./tests/mocks/archive"
}

mock_provider "time" {
  source = "./tests/mocks/time"
}

run "landing_buckets" {
  module {
    source = "./modules/landing"
  }
  variables {
    bookkeeping_bucket = "acme-books"
    landing_buckets    = { aws = "acme-landing" }
    location           = "EU"
    project_id         = "acme-billing"
    readers            = ["serviceAccount:loader@acme-billing.iam.gserviceaccount.com"]
    transfer_agent     = "serviceAccount:transfer@google.com"
  }

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.landing["aws"], google_storage_bucket.bookkeeping[0]] :
      bucket.uniform_bucket_level_access && bucket.public_access_prevention == "enforced" && !bucket.force_destroy
    ])
    error_message = "A bucket can be public, or can be destroyed while it holds objects."
  }
  assert {
    condition     = google_storage_bucket.landing["aws"].soft_delete_policy[0].retention_duration_seconds == 0 && !google_storage_bucket.landing["aws"].versioning[0].enabled
    error_message = "A landing bucket keeps overwritten objects, and they are billed."
  }
  assert {
    condition     = length(google_storage_bucket.landing["aws"].lifecycle_rule) == 0
    error_message = "A lifecycle rule deletes landing objects. Storage Transfer would copy them again."
  }
  assert {
    condition     = google_storage_bucket_iam_member.transfer_writer["aws"].role == "roles/storage.legacyBucketWriter" && length(google_storage_bucket_iam_member.transfer_writer) == 1
    error_message = "Storage Transfer must write to the landing buckets, and not to the bookkeeping bucket."
  }
  assert {
    condition = alltrue([
      for binding in concat(
        values(google_storage_bucket_iam_binding.object_owners),
        values(google_storage_bucket_iam_binding.object_readers),
        [google_storage_bucket_iam_binding.bucket_readers["bookkeeping"]],
      ) : binding.members == toset(["projectOwner:acme-billing"])
    ]) && keys(google_storage_bucket_iam_binding.object_owners) == ["aws", "bookkeeping"]
    error_message = "Editors or viewers of the project can read a bucket."
  }
  assert {
    condition     = google_storage_bucket_iam_binding.bucket_readers["aws"].members == toset(["projectOwner:acme-billing", "serviceAccount:loader@acme-billing.iam.gserviceaccount.com"])
    error_message = "A load job needs storage.buckets.get on the landing buckets, and nobody else may have the role."
  }
}

# An organization policy may demand soft delete, and each of these settings of the functions.

run "landing_soft_delete_of_the_organization" {
  command = plan
  module {
    source = "./modules/landing"
  }
  variables {
    bookkeeping_bucket = "acme-books"
    landing_buckets    = { aws = "acme-landing" }
    location           = "EU"
    project_id         = "acme-billing"
    soft_delete_days   = null
    transfer_agent     = "serviceAccount:transfer@google.com"
  }

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.landing["aws"], google_storage_bucket.bookkeeping[0]] : length(bucket.soft_delete_policy) == 0
    ])
    error_message = "With null, no bucket may set soft delete: the organization policy decides."
  }
}

run "loader_in_a_network" {
  command = plan
  module {
    source = "./modules/loader"
  }
  variables {
    accounts_project   = "acme-billing"
    source_folder      = "../functions"
    bookkeeping_bucket = "books"
    build_folder       = "build"
    datasets           = ["billing"]
    environment        = { BOOKKEEPING_BUCKET = "books" }
    focus_dataset      = "billing_focus"
    ingress_settings   = "ALLOW_INTERNAL_AND_GCLB"
    landing_buckets    = { aws = "landing-aws" }
    location           = "EU"
    network            = { connector = "projects/p/locations/europe-west1/connectors/c", all_traffic = true }
    prefix             = "billing"
    project_id         = "acme-billing"
    region             = "europe-west1"
    worker_pool        = "projects/p/locations/europe-west1/workerPools/w"
  }

  assert {
    condition = alltrue([
      for function in [google_cloudfunctions2_function.load["aws"], google_cloudfunctions2_function.sweep] :
      function.build_config[0].worker_pool == "projects/p/locations/europe-west1/workerPools/w"
      && function.service_config[0].ingress_settings == "ALLOW_INTERNAL_AND_GCLB"
      && function.service_config[0].vpc_connector == "projects/p/locations/europe-west1/connectors/c"
      && function.service_config[0].vpc_connector_egress_settings == "ALL_TRAFFIC"
      && length(function.service_config[0].direct_vpc_network_interface) == 0
    ])
    error_message = "Every function must have the pool, the ingress settings and the connector that an organization policy can demand."
  }
}

run "loader_with_direct_egress" {
  command = plan
  module {
    source = "./modules/loader"
  }
  variables {
    accounts_project   = "acme-billing"
    source_folder      = "../functions"
    bookkeeping_bucket = "books"
    build_folder       = "build"
    datasets           = ["billing"]
    environment        = { BOOKKEEPING_BUCKET = "books" }
    focus_dataset      = "billing_focus"
    landing_buckets    = { aws = "landing-aws" }
    location           = "EU"
    network            = { subnetwork = "projects/p/regions/europe-west1/subnetworks/s", tags = ["billing"] }
    prefix             = "billing"
    project_id         = "acme-billing"
    region             = "europe-west1"
  }

  assert {
    condition = alltrue([
      for function in [google_cloudfunctions2_function.load["aws"], google_cloudfunctions2_function.sweep] :
      function.service_config[0].direct_vpc_network_interface[0].subnetwork == "projects/p/regions/europe-west1/subnetworks/s"
      && function.service_config[0].direct_vpc_network_interface[0].tags == tolist(["billing"])
      && function.service_config[0].direct_vpc_egress == "VPC_EGRESS_PRIVATE_RANGES_ONLY"
      && function.service_config[0].vpc_connector == null
    ])
    error_message = "Every function must reach the subnetwork directly."
  }
}

run "warehouse_tables" {
  module {
    source = "./modules/warehouse"
  }
  variables {
    tracking_schema = file("../functions/billing/schemas/load_tracking.json")
    datasets        = ["billing"]
    focus_dataset   = "billing_focus"
    google_export   = { project_id = "acme-admin", dataset_id = "exports" }
    location        = "europe-west1"
    project_id      = "acme-billing"
    tables = {
      aws_cur = {
        cluster   = "line_item_usage_start_date", dataset = "billing", execution_column = "assembly_id"
        partition = "bill_billing_period_start_date", schema = file("../functions/billing/schemas/aws_cur_v1.json"), table = "aws_cur"
      }
      azure_focus = {
        cluster   = "ChargePeriodStart", dataset = "billing", execution_column = "run_id"
        partition = "BillingPeriodStart", schema = file("../functions/billing/schemas/azure_focus_1.0r2.json"), table = "azure_focus"
      }
    }
  }

  assert {
    condition     = alltrue([for table in merge(google_bigquery_table.months, google_bigquery_table.tracking) : table.ignore_auto_generated_schema && table.deletion_protection])
    error_message = "Terraform could drop the columns that a load added, or destroy a table."
  }
  assert {
    condition = alltrue([
      for dataset in [google_bigquery_dataset.datasets["billing"], google_bigquery_dataset.focus[0]] :
      [for entry in dataset.access : "${entry.role} ${entry.special_group}"] == ["OWNER projectOwners"]
    ])
    error_message = "A new dataset gives access to others than the owners of the project."
  }
  assert {
    condition     = alltrue([for table in google_bigquery_table.months : table.time_partitioning[0].type == "MONTH"])
    error_message = "A table is not partitioned by month."
  }
  assert {
    condition     = google_bigquery_table.months["aws_cur"].time_partitioning[0].field == "bill_billing_period_start_date" && google_bigquery_table.months["aws_cur"].clustering == tolist(["line_item_usage_start_date"])
    error_message = "The AWS table has another partition or cluster column."
  }
  assert {
    condition = alltrue([
      for table in google_bigquery_table.months :
      contains(jsondecode(table.schema)[*].name, table.time_partitioning[0].field) && contains(jsondecode(table.schema)[*].name, table.clustering[0])
    ])
    error_message = "A table lacks its partition or cluster column."
  }
  assert {
    condition     = jsondecode(google_bigquery_table.tracking["aws_cur"].schema)[0].name == "assembly_id" && jsondecode(google_bigquery_table.tracking["azure_focus"].schema)[0].name == "run_id"
    error_message = "The first column of a tracking table has another name than the provider's delivery id."
  }
  assert {
    condition = alltrue([
      for entry in [google_bigquery_dataset_access.focus_views["billing"], google_bigquery_dataset_access.focus_google_export["export"]] :
      entry.dataset[0].target_types == tolist(["VIEWS"]) && entry.dataset[0].dataset[0].dataset_id == "billing_focus" && entry.role == null
    ])
    error_message = "Only the views of the FOCUS dataset may read the tables for their readers."
  }
  assert {
    condition     = google_bigquery_dataset_access.focus_google_export["export"].project == "acme-admin" && google_bigquery_dataset_access.focus_google_export["export"].dataset_id == "exports"
    error_message = "The views have no access to the dataset of Google Cloud's own export."
  }
  assert {
    condition     = !google_bigquery_dataset.datasets["billing"].delete_contents_on_destroy
    error_message = "A protected dataset would be destroyed with its tables."
  }
}

run "warehouse_chosen_types" {
  module {
    source = "./modules/warehouse"
  }
  variables {
    tracking_schema = file("../functions/billing/schemas/load_tracking.json")
    datasets        = ["billing"]
    focus_dataset   = "billing_focus"
    location        = "europe-west1"
    project_id      = "acme-billing"
    tables = {
      text = {
        cluster      = "Date", dataset = "billing", execution_column = "run_id"
        column_types = { date = "STRING", BillingPeriodStartDate = "STRING", Unknown = "STRING" }
        partition    = "BillingPeriodStartDate", schema = file("../functions/billing/schemas/azure_cost.json"), table = "text"
      }
      number = {
        cluster      = "Date", dataset = "billing", execution_column = "run_id"
        column_types = { Date = "FLOAT" }
        partition    = "BillingPeriodStartDate", schema = file("../functions/billing/schemas/azure_cost.json"), table = "number"
      }
    }
  }

  assert {
    condition = { for column in jsondecode(google_bigquery_table.months["text"].schema) : column.name => column.type } == merge(
      { for column in jsondecode(file("../functions/billing/schemas/azure_cost.json")) : column.name => column.type },
      { Date = "STRING" },
    )
    error_message = "A chosen type must be that of its column, except of the column that partitions the table."
  }
  assert {
    condition     = google_bigquery_table.months["text"].clustering == tolist(["Date"])
    error_message = "A column of text still clusters the table."
  }
  assert {
    condition     = google_bigquery_table.months["number"].clustering == null
    error_message = "BigQuery clusters by no FLOAT column."
  }
}

run "warehouse_without_protection" {
  module {
    source = "./modules/warehouse"
  }
  variables {
    tracking_schema     = file("../functions/billing/schemas/load_tracking.json")
    datasets            = ["billing"]
    deletion_protection = false
    focus_dataset       = "billing_focus"
    location            = "europe-west1"
    project_id          = "acme-billing"
    tables              = {}
  }

  assert {
    condition     = google_bigquery_dataset.datasets["billing"].delete_contents_on_destroy
    error_message = "terraform destroy would fail, because dlt's tables and the views remain in the dataset."
  }
}
