# The first day of the job, stored once: a day computed at every plan would always be a difference. It is taken after
# the bucket is writable. An earlier day could be over when the job is created, and the job would wait for the next day.
#
# The provider keeps the old path of a job whose path becomes empty, and reports no difference. Such a job is replaced.
resource "time_static" "created" {
  triggers = { bucket = var.sink.bucket, whole_container = tostring(var.path == "") }
}

resource "google_storage_transfer_job" "blob" {
  project     = var.project_id
  description = var.description

  # No name. After a change of the name, the provider would lose the job and create a second one. A deleted job keeps
  # its name, so the name could not be used again.

  dynamic "schedule" {
    for_each = local._schedules
    content {
      # Without a time of day, the job runs immediately and then at this interval.
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
      # Unchanged objects are not written again, so they raise no event. Both delete options are off by default. They
      # stay unset, because the provider reports a conflict even if both are false.
      overwrite_when = "DIFFERENT"
      metadata_options {
        time_created = "TIME_CREATED_PRESERVE_AS_CUSTOM_TIME" # tells if a file is older than its manifest
      }
    }
  }

  logging_config {
    log_actions       = ["FIND", "COPY"]
    log_action_states = ["FAILED"] # Monitoring counts successes; a log line per file would be billed
  }

  lifecycle {
    replace_triggered_by = [time_static.created]
  }
}

# Beside an event stream. A message that a queue loses has no second chance, and objects from before the queue have none.
# A job with an event stream ignores its schedule, so this is a job of its own. It copies only what is missing.
resource "google_storage_transfer_job" "daily" {
  for_each = local._daily

  project     = var.project_id
  description = "${var.description}, once a day"

  schedule {
    repeat_interval = each.value
    schedule_start_date {
      day   = time_static.created.day
      month = time_static.created.month
      year  = time_static.created.year
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
      # Unchanged objects are not written again, so they raise no event. Both delete options are off by default. They
      # stay unset, because the provider reports a conflict even if both are false.
      overwrite_when = "DIFFERENT"
      metadata_options {
        time_created = "TIME_CREATED_PRESERVE_AS_CUSTOM_TIME" # tells if a file is older than its manifest
      }
    }
  }

  logging_config {
    log_actions       = ["FIND", "COPY"]
    log_action_states = ["FAILED"] # Monitoring counts successes; a log line per file would be billed
  }

  lifecycle {
    replace_triggered_by = [time_static.created]
  }
}
