# The provider keeps the direct egress of a function that no longer has it, and reports no difference. Such a function
# is created again.
resource "terraform_data" "direct_egress" {
  triggers_replace = length(local._interfaces) > 0
}

resource "google_cloudfunctions2_function" "load" {
  for_each = var.landing_buckets

  # No underscore in the name: Cloud Run would rename the service, and the invoker's grant would not reach it.
  project      = var.project_id
  location     = var.region
  name         = "${var.prefix}-load-${each.key}"
  description  = "Loads a month when an object of its delivery arrives in gs://${each.value}"
  labels       = var.labels
  kms_key_name = var.kms_key

  build_config {
    runtime           = local.runtime
    entry_point       = "load_${each.key}"
    docker_repository = local._repository_id
    service_account   = "projects/${var.project_id}/serviceAccounts/${local.emails["build"]}" # the default may have no rights (since 2024-07)
    worker_pool       = var.worker_pool
    source {
      storage_source {
        bucket     = var.bookkeeping_bucket
        object     = google_storage_bucket_object.functions.name
        generation = google_storage_bucket_object.functions.generation # else the provider sends that of the old zip
      }
    }
  }

  service_config {
    environment_variables            = var.environment
    service_account_email            = local.emails["loader"]
    ingress_settings                 = var.ingress_settings # Eventarc and Cloud Scheduler in the same project count as internal
    all_traffic_on_latest_revision   = true
    timeout_seconds                  = 540     # maximum of event functions; a load job may take longer and is continued
    max_instance_request_concurrency = 1       # one month per process limits memory, and dlt's client serves one caller
    max_instance_count               = 5       # loads share dlt's tables; each takes 5 updates per 10 s
    min_instance_count               = 0       # deliveries arrive a few times a day, and a cold start takes seconds
    available_memory                 = "512Mi" # measured: 109 MB after imports, 217 MB at peak; /tmp counts too

    vpc_connector                 = local._connector
    vpc_connector_egress_settings = local._connector == null ? null : local._egress
    direct_vpc_egress             = length(local._interfaces) == 0 ? null : "VPC_EGRESS_${local._egress}"

    dynamic "direct_vpc_network_interface" {
      for_each = local._interfaces
      content {
        network    = direct_vpc_network_interface.value.network
        subnetwork = direct_vpc_network_interface.value.subnetwork
        tags       = direct_vpc_network_interface.value.tags
      }
    }
  }

  event_trigger {
    event_type            = "google.cloud.storage.object.v1.finalized"
    trigger_region        = lower(var.location)  # location of the bucket; Eventarc wants lower case
    retry_policy          = "RETRY_POLICY_RETRY" # the default does not retry: a locked month would wait
    service_account_email = local.emails["trigger"]
    event_filters {
      attribute = "bucket"
      value     = each.value
    }
  }

  depends_on = [time_sleep.bucket_grants, time_sleep.grants]

  lifecycle {
    replace_triggered_by = [terraform_data.direct_egress]
  }
}

resource "google_cloudfunctions2_function" "sweep" {
  project      = var.project_id
  location     = var.region
  name         = "${var.prefix}-sweep"
  description  = "Loads what events missed, and compares the tables with the load history"
  labels       = var.labels
  kms_key_name = var.kms_key

  build_config {
    runtime           = local.runtime
    entry_point       = "sweep"
    docker_repository = local._repository_id
    service_account   = "projects/${var.project_id}/serviceAccounts/${local.emails["build"]}"
    worker_pool       = var.worker_pool
    source {
      storage_source {
        bucket     = var.bookkeeping_bucket
        object     = google_storage_bucket_object.functions.name
        generation = google_storage_bucket_object.functions.generation # else the provider sends that of the old zip
      }
    }
  }

  service_config {
    environment_variables            = var.environment
    service_account_email            = local.emails["loader"]
    ingress_settings                 = var.ingress_settings # Eventarc and Cloud Scheduler in the same project count as internal
    all_traffic_on_latest_revision   = true
    timeout_seconds                  = 540   # the sweep stops before that and reports the months that are left
    max_instance_request_concurrency = 1     # one sweep works on five months in parallel
    max_instance_count               = 1     # a second sweep would find the leases of the first
    min_instance_count               = 0     # it runs once an hour
    available_memory                 = "1Gi" # holds the listings and state of all months of a source, and five loads

    vpc_connector                 = local._connector
    vpc_connector_egress_settings = local._connector == null ? null : local._egress
    direct_vpc_egress             = length(local._interfaces) == 0 ? null : "VPC_EGRESS_${local._egress}"

    dynamic "direct_vpc_network_interface" {
      for_each = local._interfaces
      content {
        network    = direct_vpc_network_interface.value.network
        subnetwork = direct_vpc_network_interface.value.subnetwork
        tags       = direct_vpc_network_interface.value.tags
      }
    }
  }

  depends_on = [time_sleep.bucket_grants, time_sleep.grants]

  lifecycle {
    replace_triggered_by = [terraform_data.direct_egress]
  }
}
