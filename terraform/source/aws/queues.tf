# One queue per export with events: a transfer deletes each message that it reads, so two transfers cannot share one.

resource "aws_sqs_queue" "events" {
  for_each = local.event_keys

  message_retention_seconds  = 1209600 # 14 days, the most: a paused transfer loses nothing before
  name                       = local.queue_names[each.key]
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true # S3 cannot send to a queue that the key alias/aws/sqs encrypts
  tags                       = var.tags
  visibility_timeout_seconds = 300
}

resource "aws_sqs_queue_policy" "events" {
  for_each = aws_sqs_queue.events

  policy    = jsonencode(local.queue_policies[each.key])
  queue_url = each.value.url
}

# The whole set of notifications of the bucket, so it exists only for a bucket of this root.
resource "aws_s3_bucket_notification" "events" {
  for_each = length(local.event_keys) == 0 ? {} : aws_s3_bucket.exports

  bucket = each.value.id

  dynamic "queue" {
    for_each = local.event_keys
    content {
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = local.exports[queue.key].path
      id            = replace(queue.key, "_", "-")
      queue_arn     = aws_sqs_queue.events[queue.key].arn
    }
  }

  depends_on = [aws_sqs_queue_policy.events] # S3 sends a test message
}
