# The only output, so that `terraform output -json aws_sources` is the value of the variable of the Google side.
output "aws_sources" {
  description = "Value of the variable aws_sources of the Google side: per export, its bucket, path, name, format, role and queue."
  value = {
    for key, export in local.exports : key => {
      bucket       = var.bucket
      event_stream = export.events ? local.queue_arns[key] : null
      export_name  = export.name
      format       = export.format
      path         = export.path
      role_arn     = aws_iam_role.transfer.arn
    }
  }

  depends_on = [
    aws_bcmdataexports_export.exports, aws_cur_report_definition.reports, aws_iam_role_policy.transfer,
    aws_s3_bucket_notification.events,
  ]
}
