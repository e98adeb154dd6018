# The job's first day, written once: a start day that is computed anew at every plan is a difference for ever. Not before
# the bucket may be written, minutes into the apply: a job whose first day is over by then waits for the next.
resource "time_static" "created" {
  triggers = { bucket = var.sink.bucket }
}

resource "google_storage_transfer_job" "blob" {
  project     = var.project_id
  description = var.description

  # No name: the provider cannot change one (it would forget the job and start a second), and a deleted job keeps its own.

  dynamic "schedule" {
    for_each = local._schedules
    content {
      # Without a time of day the job runs at once, then at this interval.
      repeat_interval = schedule.value
      schedule_start_date {
        day   = time_static.created.day
        month = time_static.created.month
        year  = time_static.created.year
      }
    }
  }

  dynamic "event_stream" {
    for_each = local._event_streams
    content {
      name = event_stream.value
    }
  }

  transfer_spec {
    azure_blob_storage_data_source {
      storage_account    = var.storage_account
      container          = var.container
      path               = var.path
      credentials_secret = var.credentials.secret

      dynamic "federated_identity_config" {
        for_each = local._federated_identities
        content {
          client_id = federated_identity_config.value.client_id
          tenant_id = federated_identity_config.value.tenant_id
        }
      }
    }
    gcs_data_sink {
      bucket_name = var.sink.bucket
      path        = var.sink.path
    }
    transfer_options {
      # Unchanged objects are not written again, so they raise no event. Both delete options stay unset: they are off,
      # and the provider takes even two explicit falses for a conflict.
      overwrite_when = "DIFFERENT"
      metadata_options {
        time_created = "TIME_CREATED_PRESERVE_AS_CUSTOM_TIME" # tells the loader whether a file is older than its manifest
      }
    }
  }

  logging_config {
    log_actions       = ["FIND", "COPY"]
    log_action_states = ["FAILED"] # successes are counted by Monitoring; a line per file would be billed
  }

  depends_on = [google_secret_manager_secret_iam_member.transfer]
}
