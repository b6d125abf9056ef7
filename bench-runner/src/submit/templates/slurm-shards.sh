#!/bin/sh
# @NAME@: @COUNT@ shards, each on a node of its own. Written by `bench submit`.
#SBATCH --job-name=@JOB@
#SBATCH --array=1-@COUNT@
#SBATCH --nodes=1
#SBATCH --exclusive
#SBATCH --no-requeue
#SBATCH --signal=B:TERM@120
#SBATCH --chdir=@HERE@
#SBATCH --output=@OUT@/log/shard-%a.log
@OPTIONS@
# What another engine around `sbatch` said must not be taken for Slurm's word.
unset CI_NODE_INDEX CI_NODE_TOTAL JOB_COMPLETION_INDEX BENCH_SHARD_COUNT GITHUB_ACTIONS GITHUB_STEP_SUMMARY
exec @BENCH@ gate @FILE@ --shard-from-env@ARGUMENTS@ --out @OUT@/shard-"$SLURM_ARRAY_TASK_ID"
