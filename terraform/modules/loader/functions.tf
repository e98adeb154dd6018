resource "google_cloudfunctions2_function" "load" {
  for_each = var.landing_buckets

  project     = var.project_id
  location    = var.region
  name        = "${var.prefix}-load-${each.key}" # kebab case: Cloud Run renames an underscore, and the invoker's grant misses it
  description = "Loads a month when an object of its delivery arrives in gs://${each.value}"
  labels      = var.labels

  build_config {
    runtime           = local.runtime
    entry_point       = "load_${each.key}"
    docker_repository = google_artifact_registry_repository.images.id
    service_account   = google_service_account.accounts["build"].id # the default account may have no rights (new projects since 2024-07)
    source {
      storage_source {
        bucket = var.bookkeeping_bucket
        object = google_storage_bucket_object.functions.name
      }
    }
  }

  service_config {
    environment_variables            = var.environment
    service_account_email            = google_service_account.accounts["loader"].email
    ingress_settings                 = "ALLOW_INTERNAL_ONLY" # events count as internal
    all_traffic_on_latest_revision   = true
    timeout_seconds                  = 540     # the longest that an event function may run; a load job that outlives it is taken up again
    max_instance_request_concurrency = 1       # one month per process: memory is bounded, and the client's state is one caller's
    max_instance_count               = 5       # dlt's tables take 5 updates per 10 s
    min_instance_count               = 0       # deliveries come a few times a day; a cold start costs seconds
    available_memory                 = "512Mi" # 109 MB resident with everything imported, 217 MB at its peak, and /tmp is memory
  }

  event_trigger {
    event_type            = "google.cloud.storage.object.v1.finalized"
    trigger_region        = lower(var.location)  # must be the bucket's; Eventarc spells multi-regions in lower case
    retry_policy          = "RETRY_POLICY_RETRY" # the default acknowledges failures: a busy month would be lost until the sweep
    service_account_email = google_service_account.accounts["trigger"].email
    event_filters {
      attribute = "bucket"
      value     = each.value
    }
  }

  depends_on = [time_sleep.grants]
}

resource "google_cloudfunctions2_function" "sweep" {
  project     = var.project_id
  location    = var.region
  name        = "${var.prefix}-sweep"
  description = "Loads what events missed, and compares the tables with the books"
  labels      = var.labels

  build_config {
    runtime           = local.runtime
    entry_point       = "sweep"
    docker_repository = google_artifact_registry_repository.images.id
    service_account   = google_service_account.accounts["build"].id
    source {
      storage_source {
        bucket = var.bookkeeping_bucket
        object = google_storage_bucket_object.functions.name
      }
    }
  }

  service_config {
    environment_variables            = var.environment
    service_account_email            = google_service_account.accounts["loader"].email
    ingress_settings                 = "ALLOW_INTERNAL_ONLY" # Cloud Scheduler of the same project counts as internal
    all_traffic_on_latest_revision   = true
    timeout_seconds                  = 540   # the sweep stops itself before, and says what is left
    max_instance_request_concurrency = 1     # it works on five months side by side already
    max_instance_count               = 1     # a second sweep would meet the first one's leases
    min_instance_count               = 0     # once an hour
    available_memory                 = "1Gi" # listings and state of all months of a source, and five loads
  }

  depends_on = [time_sleep.grants]
}
