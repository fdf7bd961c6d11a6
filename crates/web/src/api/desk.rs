//! Where requests hand in commands and wait for their answers: one mailbox for all of them.

use karvan_engine::queue::{Mailbox, NotQueued};
use karvan_engine::{Answer, CommandId, Engine, Submission};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long the thread waits before it looks whether the portal is still there.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Default)]
struct Waiting(Mutex<BTreeMap<CommandId, VecDeque<oneshot::Sender<Answer>>>>);

impl Waiting {
    fn answer(&self, id: CommandId, answer: Answer) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(senders) = all.get_mut(&id) {
            if let Some(sender) = senders.pop_front() {
                // Whoever asked may have gone; the record stays.
                drop(sender.send(answer));
            }
            if senders.is_empty() {
                all.remove(&id);
            }
        }
    }
}

/// The desk.
pub struct Desk {
    mailbox: Arc<Mailbox>,
    waiting: Arc<Waiting>,
}

impl Default for Desk {
    fn default() -> Self {
        let (mailbox, waiting) = (Arc::new(Mailbox::default()), Arc::new(Waiting::default()));
        let (mail, of_thread) = (Arc::clone(&mailbox), Arc::downgrade(&waiting));
        std::thread::spawn(move || hand_out(&mail, &of_thread));
        Self { mailbox, waiting }
    }
}

fn hand_out(mailbox: &Mailbox, waiting: &Weak<Waiting>) {
    loop {
        let answers = mailbox.take(LOOK);
        let Some(waiting) = waiting.upgrade() else { return };
        for (id, answer) in answers {
            waiting.answer(id, answer);
        }
    }
}

impl Desk {
    /// Hands in commands; all of them are queued, or none. An answer for each, in their order.
    pub fn submit(
        &self,
        engine: &Engine,
        commands: Vec<Submission>,
    ) -> Result<Vec<oneshot::Receiver<Answer>>, NotQueued> {
        let mut receivers = Vec::with_capacity(commands.len());
        let ids: Vec<CommandId> = commands.iter().map(|it| it.id).collect();
        {
            let mut all = self.waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
            for id in &ids {
                let (sender, receiver) = oneshot::channel();
                all.entry(*id).or_default().push_back(sender);
                receivers.push(receiver);
            }
        }
        if let Err(why) = engine.submit(commands, &self.mailbox) {
            let mut all = self.waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                let senders = all.entry(id).or_default();
                senders.pop_back();
                if senders.is_empty() {
                    all.remove(&id);
                }
            }
            return Err(why);
        }
        Ok(receivers)
    }
}
